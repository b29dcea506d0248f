# SPDX-License-Identifier: Apache-2.0
# decant_room(NAME SOURCES ... LINK ... [CONVERSION]): one folder, one static library.
# decant_program(NAME ROOM SOURCES ... [FOLDER bin]): one program of a room; sbin unless said.

# The folder of an include "room/x.h" is found through the parent folder of the room.
function(decant_room name)
    cmake_parse_arguments(ROOM "CONVERSION" "" "SOURCES;LINK" ${ARGN})
    set(target decant_${name})
    add_library(${target} STATIC ${ROOM_SOURCES})
    cmake_path(GET CMAKE_CURRENT_SOURCE_DIR PARENT_PATH parent)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include ${parent})
    target_link_libraries(${target} PUBLIC ${ROOM_LINK})
    if(ROOM_CONVERSION)
        # Rooms that read foreign bytes or compute offsets.
        target_compile_options(${target} PRIVATE -Wconversion)
    endif()
    file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
    if(headers)
        target_sources(${target} PUBLIC FILE_SET room TYPE HEADERS
            BASE_DIRS ${parent} FILES ${headers})
        set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
    endif()
endfunction()

function(decant_program name room)
    cmake_parse_arguments(PROGRAM "" "FOLDER" "SOURCES" ${ARGN})
    if(NOT PROGRAM_FOLDER)
        set(PROGRAM_FOLDER ${CMAKE_INSTALL_SBINDIR})
    endif()
    add_executable(${name} ${PROGRAM_SOURCES})
    target_link_libraries(${name} PRIVATE decant_${room})
    install(TARGETS ${name} RUNTIME DESTINATION ${PROGRAM_FOLDER})
endfunction()
